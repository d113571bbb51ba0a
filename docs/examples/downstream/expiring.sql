-- What stands where and expires soon, from two exports of the edge (DuckDB):
--   curl -o lots.parquet 'http://127.0.0.1:8080/api/v1/lots?format=parquet'
--   curl -o stock.csv    'http://127.0.0.1:8080/api/v1/stock?format=csv'
SELECT lot.item_code, lot.lot_code, lot.expiry_date, stock.warehouse, stock.location, stock.stock, stock.unit
FROM 'lots.parquet' AS lot
JOIN read_csv('stock.csv', types = {'variant': 'VARCHAR', 'item_code': 'VARCHAR', 'lot_code': 'VARCHAR'}) AS stock
  ON stock.item_class = lot.item_class AND stock.item_code = lot.item_code AND stock.lot_code = lot.lot_code
 AND coalesce(stock.variant, '') = lot.variant
WHERE lot.expiry_date IS NOT NULL AND NOT lot.closed AND stock.stock > 0
ORDER BY lot.expiry_date, lot.lot_code, stock.warehouse, stock.location;
