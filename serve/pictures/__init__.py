"""The pictures of docs/img, drawn from the published file alone and from the saved tables of `make ablation`."""
