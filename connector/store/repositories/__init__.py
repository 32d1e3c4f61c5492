"""One repository for each thing that is stored; each works inside one transaction."""
