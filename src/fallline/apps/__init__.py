"""The front doors: the command line. Only here may anything print, serve, or read ``argv``."""
