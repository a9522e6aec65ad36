"""The verbs: the only signatures that the package, the command line and the lab call."""
