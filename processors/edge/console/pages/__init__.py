"""The pages, one file a group, in the order of the navigation; each has `routes(console)`.

`overview` (with alerts), `lots`, `serials`, `stock` (with counters), `trace`, `inventories` (with lists), `count` (the
page for a handheld), `differences` (with the drill-down of a line), `letters` (refused records), `entrance` (sign in,
language, light or dark). A page reads its request, asks the store once, and fills a template.
"""
