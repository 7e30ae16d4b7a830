"""What is learned from records: training, keeping and applying models; nothing here refuses anybody.

Only this package imports scikit-learn and skops, and only inside the functions that need them: reading an estimate
that is stored must not load them.
"""
