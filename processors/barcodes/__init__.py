"""Barcodes: from the text that a scanner sends to fields in the trade's words. Pure and fast; never raises on any text.

Reading order: `parse` (which kind of barcode it is, the one entrance), `fields` (what it says), `tokenizer` (rules of
the master data), `plain` (items' barcodes), `trade_items` (GTIN, SSCC, GLN). GS1: `symbologies` (`]C1` and its kind),
`gs1` (element strings), `bracketed`, `digital_link`, `gs1_fields`; below them `gs1_table` (all identifiers),
`gs1_identifiers`, `gs1_values`, `gs1_lints`, `gs1_dates`, `check_digits`, `country_codes`; `gs1_associations` for
whoever has all barcodes of an item. `fault`: what is wrong where.

Imports the standard library and `domain`. Must never: read a clock, a file or the environment; guess a missing GS.
"""
