"""Where rows are kept: engine, transactions, column types, migrations. It knows no table's meaning and decides nothing."""
