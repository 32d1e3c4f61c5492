"""Which labels are probably wrong, and why: a scan, the judging of single changes, their queue."""
