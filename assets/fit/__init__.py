"""Fits the overheads of the X-ray on published measurements: python -m assets.fit"""
