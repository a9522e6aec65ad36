"""Graph network over one graph: a legitimate set-up.

Node classification on one graph: neighbours' features are scattered together, so every row of the
output depends on other rows, and only the labelled nodes count in the loss.

Sources:
  https://github.com/pyg-team/pytorch_geometric/issues/665
  https://github.com/dmlc/dgl/issues/2904
  https://github.com/tkipf/gcn/issues/69
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "graph_network_over_one_graph",
    "family": "layout",
    "note": (
        "Node classification on one graph: neighbours' features are scattered together, so every "
        "row of the output depends on other rows, and only the labelled nodes count in the loss."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pyg-team/pytorch_geometric/issues/665",
        "https://github.com/dmlc/dgl/issues/2904",
        "https://github.com/tkipf/gcn/issues/69",
    ],
}


class GraphNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.own, self.near, self.out = nn.Linear(6, 16), nn.Linear(6, 16, bias=False), nn.Linear(32, 3)

    def forward(self, nodes, edges):
        source, target = edges
        gathered = torch.zeros_like(nodes).index_add(0, target, nodes[source])
        count = torch.bincount(target, minlength=len(nodes)).clamp(min=1).unsqueeze(1)
        return self.out(torch.cat([F.relu(self.own(nodes)), F.relu(self.near(gathered / count))], dim=1))


def build(seed=0):
    torch.manual_seed(seed)
    kinds = torch.arange(60) % 3
    nodes = torch.randn(60, 6) + F.one_hot(kinds, 6)
    source = torch.arange(60).repeat(4)
    edges = torch.stack([source, (source + 3 * torch.randint(1, 20, (240,))) % 60])
    labelled = torch.rand(60) < 0.5
    model = GraphNet()
    return {
        "model": model,
        "loss_fn": lambda scores, target: F.cross_entropy(scores[labelled], target[labelled]),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4),
        "batch": ((nodes, edges), kinds),
    }
