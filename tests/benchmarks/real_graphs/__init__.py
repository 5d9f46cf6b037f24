"""What the graph adds on real firms: two public bankruptcy data sets kept outside the repository.

`make smesd`, `make hat` and `make hat-predictions OUT=file.csv` read them from the folder `DATA`. The modules
hold the mapping of their columns to ours and no row of theirs:

- `boosting`: the one estimator, its cross-validation and the figures.
- `smesd_tables`, `hat_tables`: their files as our edge tables, and what is known of a firm alone.
- `smesd_graph`, `hat_graph`: the graph features, all from public functions of `graphs`.
- `smesd`, `hat`: the commands.
"""
