"""What trains and evaluates populations. Every engine walks the path of `loop`, the plain PyTorch loop."""
