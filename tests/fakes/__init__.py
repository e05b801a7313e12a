"""Who plays the providers when there is no key?  Fakes that hold to the wire contracts and count what they would charge."""
