"""Pure functions from plain data to figures, HTML documents and terminal tables."""
