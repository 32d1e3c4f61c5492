"""What a person may do: one transaction each, audited with the actor. Commands and pages call the same."""
