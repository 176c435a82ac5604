"""The long-lived services: reading the streams that come in, publishing to those that go out, serving HTTP."""
