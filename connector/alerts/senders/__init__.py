"""The ways to people and programs: mail, Slack, a signed webhook. Each sends one message once."""
