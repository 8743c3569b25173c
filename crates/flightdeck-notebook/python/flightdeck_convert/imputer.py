"""SimpleImputer in double precision, and for texts.

ONNX Runtime's own imputer takes single precision only, and the stock converter takes texts only when the missing
value is a text too.
"""

import numpy
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common._apply_operation import apply_concat
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from skl2onnx.common.utils import check_input_and_output_numbers
from skl2onnx.operator_converters.common import concatenate_variables
from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer
from skl2onnx.shape_calculators.imputer import calculate_sklearn_imputer_output_shapes
from sklearn.impute import SimpleImputer


def install():
    """Takes the place of the stock converter."""
    update_registered_converter(SimpleImputer, "SklearnSimpleImputer", shapes, convert)


def shapes(operator):
    """As the stock calculation, without its complaint about doubles."""
    check_input_and_output_numbers(operator, input_count_range=[1, None], output_count_range=1)
    if isinstance(operator.inputs[0].type, DoubleTensorType):
        rows = operator.inputs[0].get_first_dimension()
        operator.outputs[0].type = DoubleTensorType([rows, width(operator.raw_operator)])
    else:
        calculate_sklearn_imputer_output_shapes(operator)


def convert(scope, operator, container):
    """Chooses by the element type and by what counts as missing."""
    fitted, kind = operator.raw_operator, operator.inputs[0].type
    if isinstance(kind, DoubleTensorType) and is_nan(fitted.missing_values):
        numbers(scope, operator, container)
    elif isinstance(kind, StringTensorType) and not fitted.add_indicator:
        texts(scope, operator, container)
    else:
        convert_sklearn_imputer(scope, operator, container)


def width(fitted):
    """Columns kept, and those that say which values were missing."""
    return len(kept(fitted)) + len(shown(fitted))


def shown(fitted):
    """The columns whose missing values are shown."""
    indicator = getattr(fitted, "indicator_", None) if fitted.add_indicator else None
    return [] if indicator is None else [int(index) for index in indicator.features_]


def kept(fitted):
    """The columns that come out: those that were wholly missing are dropped."""
    values = numpy.asarray(fitted.statistics_, dtype=object)
    if getattr(fitted, "keep_empty_features", False):
        return list(range(len(values)))
    return [index for index, value in enumerate(values) if not is_nan(value)]


def numbers(scope, operator, container):
    """Where(IsNaN(x), statistics, x), and where asked for, which were missing."""
    fitted, output = operator.raw_operator, operator.outputs[0].full_name
    columns, indicated = kept(fitted), shown(fitted)
    everything = concatenate_variables(scope, operator.inputs, container)
    whole = everything
    if len(columns) != len(fitted.statistics_):
        whole = picked(scope, container, whole, columns)
    name = scope.get_unique_variable_name("statistics")
    statistics = [float(value) for value in fitted.statistics_[columns]]
    container.add_initializer(name, TensorProto.DOUBLE, [1, len(columns)], statistics)
    filled = scope.get_unique_variable_name("filled") if indicated else output
    container.add_node("Where", [is_missing(scope, container, whole), name, whole], [filled],
                       name=scope.get_unique_operator_name("Where"), op_version=9)
    if indicated:
        flags = is_missing(scope, container, picked(scope, container, everything, indicated))
        ones = scope.get_unique_variable_name("missing_number")
        container.add_node("Cast", [flags], [ones], to=TensorProto.DOUBLE, op_version=13,
                           name=scope.get_unique_operator_name("Cast"))
        apply_concat(scope, [filled, ones], output, container, axis=1)


def is_missing(scope, container, values):
    """IsNaN."""
    name = scope.get_unique_variable_name("missing")
    container.add_node("IsNaN", [values], [name], name=scope.get_unique_operator_name("IsNaN"), op_version=13)
    return name


def picked(scope, container, whole, columns):
    """Some columns of a matrix."""
    index = scope.get_unique_variable_name("kept")
    container.add_initializer(index, TensorProto.INT64, [len(columns)], columns)
    name = scope.get_unique_variable_name("picked")
    container.add_node("Gather", [whole, index], [name], axis=1, op_version=13,
                       name=scope.get_unique_operator_name("Gather"))
    return name


def texts(scope, operator, container):
    """Where(text is the missing token, statistics, text), column by column."""
    fitted = operator.raw_operator
    whole = concatenate_variables(scope, operator.inputs, container)
    names = [text_column(scope, container, picked(scope, container, whole, [index]),
                         (token(fitted.missing_values), str(fitted.statistics_[index])))
             for index in range(len(fitted.statistics_))]
    apply_concat(scope, names, operator.outputs[0].full_name, container, axis=1)


def text_column(scope, container, column, replace):
    """One column of texts with its missing token replaced."""
    missing, value = replace
    number = scope.get_unique_variable_name("is_missing_number")
    container.add_node("LabelEncoder", [column], [number], keys_strings=[missing], values_int64s=[1], default_int64=0,
                       op_domain="ai.onnx.ml", op_version=2, name=scope.get_unique_operator_name("LabelEncoder"))
    flag = scope.get_unique_variable_name("is_missing")
    container.add_node("Cast", [number], [flag], to=TensorProto.BOOL, op_version=13,
                       name=scope.get_unique_operator_name("Cast"))
    fill = scope.get_unique_variable_name("fill")
    container.add_initializer(fill, TensorProto.STRING, [1, 1], [value.encode("utf-8")])
    name = scope.get_unique_variable_name("filled")
    container.add_node("Where", [flag, fill, column], [name], op_version=9,
                       name=scope.get_unique_operator_name("Where"))
    return name


def token(missing):
    """The text that stands for a missing value."""
    return "None" if missing is None else str(missing)


def is_nan(value):
    """Whether a value is the number NaN."""
    return isinstance(value, (float, numpy.floating)) and value != value
