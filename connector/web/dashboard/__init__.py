"""The status page: what stands where, for people."""
