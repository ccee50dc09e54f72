"""What the engine promises, on tiny tutorials without TensorFlow."""
