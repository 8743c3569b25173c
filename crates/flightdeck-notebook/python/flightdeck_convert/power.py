"""PowerTransformer in double precision; the stock converter mixes in single-precision constants."""

import numpy
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from skl2onnx.operator_converters.power_transformer import convert_powertransformer
from skl2onnx.shape_calculators.power_transformer import powertransformer_shape_calculator
from sklearn.preprocessing import PowerTransformer


def install():
    """Takes the place of the stock converter."""
    update_registered_converter(PowerTransformer, "SklearnPowerTransformer", shapes, convert)


def shapes(operator):
    """As many columns out as in, in the same precision."""
    first = operator.inputs[0]
    if isinstance(first.type, DoubleTensorType):
        operator.outputs[0].type = DoubleTensorType([first.get_first_dimension(), len(operator.raw_operator.lambdas_)])
    else:
        powertransformer_shape_calculator(operator)


def convert(scope, operator, container):
    """Doubles here, singles as before."""
    if not isinstance(operator.inputs[0].type, DoubleTensorType):
        convert_powertransformer(scope, operator, container)
        return
    fitted, nodes = operator.raw_operator, Nodes(scope, container)
    values = concatenate_variables(scope, operator.inputs, container)
    lambdas = numpy.asarray(fitted.lambdas_, dtype=numpy.float64)
    if fitted.method == "box-cox":
        result = powered(nodes, values, lambdas)
    else:
        zero, one = nodes.constant([0.0]), nodes.constant([1.0])
        # Both branches give 0 at 0, so that their difference is the whole function.
        above = powered(nodes, nodes.make("Add", nodes.largest(values, zero), one), lambdas)
        below = powered(nodes, nodes.make("Add", nodes.largest(nodes.make("Neg", values), zero), one), 2.0 - lambdas)
        result = nodes.make("Sub", above, below)
    if fitted.standardize:
        result = nodes.make("Sub", result, nodes.constant(fitted._scaler.mean_))
        result = nodes.make("Div", result, nodes.constant(fitted._scaler.scale_))
    container.add_node("Identity", [result], [operator.outputs[0].full_name],
                       name=scope.get_unique_operator_name("Identity"))


def powered(nodes, values, lambdas):
    """(values**lambda - 1) / lambda, and the logarithm where lambda is 0."""
    flat = numpy.abs(lambdas) < numpy.spacing(1.0)
    safe = numpy.where(flat, 1.0, lambdas)
    power = nodes.make("Pow", values, nodes.constant(safe))
    power = nodes.make("Div", nodes.make("Sub", power, nodes.constant([1.0])), nodes.constant(safe))
    if not flat.any():
        return power
    return nodes.make("Where", nodes.constant(flat, TensorProto.BOOL), nodes.make("Log", values), power)


class Nodes(object):
    """Adds nodes whose names nobody cares about."""

    def __init__(self, scope, container):
        self.scope = scope
        self.container = container

    def make(self, kind, *inputs):
        """One node with one output."""
        name = self.scope.get_unique_variable_name(kind.lower())
        self.container.add_node(kind, list(inputs), [name], name=self.scope.get_unique_operator_name(kind))
        return name

    def largest(self, values, bound):
        """The larger of two; a missing value stays missing."""
        return self.make("Where", self.make("Less", values, bound), bound, values)

    def constant(self, values, kind=TensorProto.DOUBLE):
        """Values as one row."""
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, kind, [1, len(values)], list(values))
        return name
