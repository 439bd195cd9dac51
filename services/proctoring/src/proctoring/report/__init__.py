"""What is told about an attempt or an exam when it is over: figures, tables, papers."""
