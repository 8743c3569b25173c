"""The finished graph: natural types outside, single names, nothing that differs from run to run."""

from onnx import AttributeProto, TensorProto, helper

ELEMENT = {"FP64": TensorProto.DOUBLE, "FP32": TensorProto.FLOAT, "INT64": TensorProto.INT64,
           "BOOL": TensorProto.BOOL, "BYTES": TensorProto.STRING}


def finish(model, plan):
    """Gives a converted model the inputs of the plan, in place."""
    graph = model.graph
    if plan.matrix and not plan.array_input:
        split_matrix(graph, plan)
    elif plan.matrix:
        retype(graph, graph.input[0], plan.array_type())
    else:
        for value, column in zip(list(graph.input), plan.columns):
            retype(graph, value, column.natural())
    anonymous(model)


def retype(graph, value, natural):
    """Another type outside, cast to the one inside."""
    inside = value.type.tensor_type.elem_type
    if ELEMENT[natural] == inside:
        return
    name = fresh(graph, value.name + "_inside")
    rename_uses(graph, value.name, name)
    value.type.tensor_type.elem_type = ELEMENT[natural]
    graph.node.insert(0, helper.make_node("Cast", [value.name], [name], name=name + "_cast", to=inside))


def split_matrix(graph, plan):
    """A matrix becomes one input per column."""
    matrix = graph.input[0]
    inside = matrix.type.tensor_type.elem_type
    nodes, parts, inputs = [], [], []
    for tensor, column in zip(plan.tensors, plan.columns):
        name = fresh(graph, tensor) if tensor in names(graph) else tensor
        inputs.append(helper.make_tensor_value_info(name, ELEMENT[column.natural()], [None, 1]))
        part, more = inside_value(graph, (name, column), inside, plan.coded)
        nodes.extend(more)
        parts.append(part)
    plan.tensors = [value.name for value in inputs]
    nodes.append(helper.make_node("Concat", parts, [matrix.name], name="columns_to_matrix", axis=1))
    del graph.input[:]
    graph.input.extend(inputs)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def inside_value(graph, outside, inside, coded):
    """One column in the element type of the matrix, with the nodes that bring it there."""
    name, column = outside
    if coded and column.position in coded:
        codes, number = fresh(graph, name + "_codes"), fresh(graph, name + "_inside")
        encoder = label_encoder((name, codes), column, coded[column.position])
        return number, [encoder, helper.make_node("Cast", [codes], [number], name=number + "_cast", to=inside)]
    if ELEMENT[column.natural()] == inside:
        return name, []
    number = fresh(graph, name + "_inside")
    return number, [helper.make_node("Cast", [name], [number], name=number + "_cast", to=inside)]


def label_encoder(ends, column, categories):
    """Categories to their codes; others, and missing ones, to NaN."""
    name, codes = ends
    values = [float(code) for code in range(len(categories))]
    if column.natural() == "INT64":
        keys = {"keys_int64s": [int(value) for value in categories]}
    else:
        keys = {"keys_strings": [str(value) for value in categories]}
    return helper.make_node("LabelEncoder", [name], [codes], name=codes + "_encoder", domain="ai.onnx.ml",
                            values_floats=values, default_float=float("nan"), **keys)


def rename_uses(graph, old, new):
    """Every use of a value, in subgraphs too."""
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                rename_uses(attribute.g, old, new)


def names(graph):
    """Every name that a value of the graph has."""
    found = set(value.name for value in graph.input) | set(value.name for value in graph.initializer)
    for node in graph.node:
        found.update(node.output)
    return found


def fresh(graph, base):
    """A name that no value has."""
    taken, name, number = names(graph), base, 1
    while name in taken:
        name, number = "%s_%d" % (base, number), number + 1
    return name


def anonymous(model):
    """The same model gives the same bytes: no name, time or machine in it."""
    model.graph.name = "flightdeck"
    model.doc_string = ""
    model.graph.doc_string = ""
    model.producer_name = "flightdeck"
    model.producer_version = "1"
    model.domain = ""
    del model.metadata_props[:]


def to_bytes(model):
    """The file's bytes."""
    return model.SerializeToString(deterministic=True)


def widen(model, values):
    """The converters write one column where a regressor of several targets answers more."""
    if values < 2 or not len(model.graph.output):
        return
    shape = model.graph.output[0].type.tensor_type.shape
    if len(shape.dim) == 2 and shape.dim[1].dim_value == 1:
        shape.dim[1].dim_value = values
