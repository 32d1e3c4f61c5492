"""`secondlook export`: the agreed and corrected labels of a project, in the forms that training reads."""
