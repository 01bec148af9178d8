"""The messages and stubs of the API, generated from its protos: see generate.py.

What the client has no method of its own for is called with these, by `slx.Client.call`.
"""
