"""Training the parser on painted portraits that are made to look like photographs."""
