"""Evaluation: what a method predicts, how good that is, and how a setting is chosen on
validation rows.
"""
