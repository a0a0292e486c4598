"""The runner: notebooks with checked parameters, executed once per content, filed, verified,
made into a book.
"""
