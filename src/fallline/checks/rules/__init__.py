"""The rules, one file each: a docstring that is the rule's page, `RULE`, and `examine`."""
