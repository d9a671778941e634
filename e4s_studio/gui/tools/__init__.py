"""The canvas tools: state machines without Qt. Image coordinates in, document verbs out."""
