"""People are asked, and answer: review tasks out, votes in."""
