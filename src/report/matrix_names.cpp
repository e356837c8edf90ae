#include "report/matrix_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace portcullis {

std::string class_name(std::size_t index) {
    std::string name;
    for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) name.insert(name.begin(), static_cast<char>('a' + (rest - 1) % 26));
    return name;
}

std::string class_text(Matrix const& matrix, std::size_t index) {
    auto const smaller = [](IntervalSet const& a, IntervalSet const& b) { return a.count() < b.count(); };
    auto const largest = std::max_element(matrix.classes.begin(), matrix.classes.end(), smaller) - matrix.classes.begin();
    if (static_cast<std::size_t>(largest) != index) return values_text(src_field(matrix.family), matrix.classes[index], 4);
    return matrix.classes.size() == 1 ? "every address" : "every other address";
}

std::string matrix_title(ServiceMatrix const& matrix) {
    std::string title = fmt::format("{}, {}, {}", matrix.service, matrix.path, matrix.matrix.family == Family::v4 ? "IPv4" : "IPv6");
    if (!matrix.table.empty()) title += fmt::format(" ({}/{})", matrix.table, matrix.chain);
    return title;
}

} // namespace portcullis
