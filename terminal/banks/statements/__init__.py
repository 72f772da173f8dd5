"""Readers of bank statements: each yields ``BillLine``s and one ``BillEnd``, or refuses the file by name.

Pure: bytes in, values out, whatever the pieces. Whoever opens the file hands its bytes in.
"""
