"""The console: pages for people, made on the server, live by server-sent events (architecture §7).

Reading order: `pages/` (what each page shows and does, one file a group), `routes` (all of them, the static files, the
stream of changes), `requests` (who asks, in which language), `rendering` (templates and the frame), `wording` (texts in
English, Italian and Romanian), `showing` (quantities, days and times as people write them), `drawing` (SVG),
`commands` (what a page publishes, and how its answer comes back), `counting` (what the count page sends and shows),
`searching` (what search pages have in common), `changes` (which tables changed lately), `kept` (figures of whole
tables), `state` (the parts that all pages share).
`templates/` and `static/` are packaged; no build step, nothing from another host, no script inside a page.

Asks the store through `store.queries_console*` and publishes to input topics; must never decide anything itself.
"""
