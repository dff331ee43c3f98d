"""One label out of what several workers said of the same object; knows nothing of AWS."""
