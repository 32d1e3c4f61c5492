"""A third platform, whose one folder this is: what is asked of a new one."""
