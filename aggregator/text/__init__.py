"""Text in its three forms: markup → safe markup and plain text (`markup`), plain text → words to compare
(`words`).
"""
