"""STS, and an HTTP API with IAM authorization."""
