#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/matrix.hpp"
#include "report/matrix_names.hpp"
#include "report/style.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_columns = 24; // classes in a table; of more, each says whom it reaches
constexpr std::size_t most_listed = 60;  // classes that are told at all
constexpr std::size_t most_names = 20;   // in one line

void print_table(Matrix const& matrix, std::string& out) {
    auto const to = std::back_inserter(out);
    fmt::format_to(to, "    from \\ to");
    for (std::size_t b = 0; b < matrix.classes.size(); ++b) fmt::format_to(to, " {}", class_name(b));
    out += '\n';
    for (std::size_t a = 0; a < matrix.classes.size(); ++a) {
        fmt::format_to(to, "    {:>9}", class_name(a));
        for (bool const opens : matrix.opens[a]) out += opens ? " x" : " .";
        out += '\n';
    }
}

void print_list(Matrix const& matrix, std::string& out) {
    for (std::size_t a = 0; a < matrix.classes.size() && a < most_listed; ++a) {
        std::string reached;
        std::size_t count = 0;
        for (std::size_t b = 0; b < matrix.classes.size(); ++b)
            if (matrix.opens[a][b] && ++count <= most_names) reached += (count > 1 ? ", " : "") + class_name(b);
        if (count > most_names) reached += fmt::format(" and {} more", count - most_names);
        out += fmt::format("    {:>3} -> {}\n", class_name(a), count == 0 ? "nothing" : reached);
    }
}

void print_matrix(ServiceMatrix const& service, std::string& out, Paint const& paint) {
    Matrix const& matrix = service.matrix;
    std::size_t const count = matrix.classes.size();
    auto const to = std::back_inserter(out);
    fmt::format_to(to, "\n  {}: {}\n", paint.strong(visible(matrix_title(service))),
                   count == 1 ? "one class of addresses" : fmt::format("{} classes of addresses", count));
    for (std::size_t a = 0; a < count && a < most_listed; ++a) fmt::format_to(to, "    {:>3}  {}\n", class_name(a), class_text(matrix, a));
    if (count > most_listed) fmt::format_to(to, "    and {} more, all of them in -o json\n", count - most_listed);
    if (count <= most_columns) print_table(matrix, out);
    else print_list(matrix, out);
    if (!service.assumption.empty())
        fmt::format_to(to, "    {} some of it only where matches that are not modelled say so, such as {}\n", paint.frame("note:"), visible(service.assumption));
}

} // namespace

std::string text_matrices(Report const& report, TextStyle const& style) {
    Paint const paint(style.color);
    std::string out;
    for (FileResult const& file : report.files) {
        if (file.matrices.empty()) continue;
        out += fmt::format("{}: who may open connections to whom\n", paint.strong(visible(file.path)));
        for (ServiceMatrix const& matrix : file.matrices) print_matrix(matrix, out, paint);
        out += '\n';
    }
    return out;
}

} // namespace portcullis
