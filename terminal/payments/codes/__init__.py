"""Texts of payment codes: built from fields, read back strictly, compared before anybody sees them (row 17, S62).

``entry`` has the three calls others use. Which fields a scheme has is data: ``scheme``, filled from
``terminal/data/regions``. Pure: no file, no clock.
"""
