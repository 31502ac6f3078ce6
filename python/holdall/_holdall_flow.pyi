"""The part of the engine that workflows stand on: fingerprints, kept entries, registered serializers."""

__all__: list[str] = []
