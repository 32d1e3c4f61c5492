"""Label quality over all reviews: figures, fairness to classes, and what to ask next."""
