"""What a study of votes needs and the service never calls: CROWDLAB, Dawid-Skene, class flow, whom to ask."""
