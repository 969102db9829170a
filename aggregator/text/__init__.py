"""Text in its three forms: markup → safe markup and plain text (`markup`), plain text → words to compare
(`words`).

In and out: text. Start reading at `markup.safe` and `words.words`.
"""
