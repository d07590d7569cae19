"""Pictures of computational graphs, as SVG and as text. This room knows scenes, not tensors."""
