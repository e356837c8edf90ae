// A grid for each matrix: rows are sources, columns destinations, a filled cell says that connections may be opened.
#include <algorithm>
#include <fmt/format.h>
#include <pugixml.hpp>
#include <sstream>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/matrix.hpp"
#include "report/matrix_names.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_cells = 256;  // classes in a grid
constexpr std::size_t most_legend = 40;  // classes that are told what is in them
constexpr int width = 960;
constexpr int margin = 24;
constexpr int line_height = 18;
constexpr int largest_grid = 480;

constexpr char const* style_sheet = R"(
svg { background: #ffffff; color: #1b1f24; font: 13px system-ui, sans-serif; }
text { fill: currentColor; }
.title { font-weight: 600; }
.name { font: 11px ui-monospace, monospace; }
.grid { fill: none; stroke: #c3c9d0; }
.closed { fill: #f2f4f6; }
.open { fill: #1668b8; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181d; color: #e4e8ec; }
  .grid { stroke: #454d56; }
  .closed { fill: #20262d; }
  .open { fill: #6cb2f7; }
}
)";

class Drawing {
  public:
    Drawing() {
        svg_ = document_.append_child("svg");
        svg_.append_attribute("xmlns") = "http://www.w3.org/2000/svg";
        svg_.append_attribute("role") = "img";
        svg_.append_child("title").text() = "Who may open connections to whom";
        svg_.append_child("style").text() = style_sheet;
    }

    void add(std::string const& file, ServiceMatrix const& service) {
        std::size_t const count = service.matrix.classes.size();
        y_ += line_height;
        text(margin, y_, "title", file + ": " + matrix_title(service) + fmt::format(", {} {}", count, count == 1 ? "class" : "classes"));
        if (!service.assumption.empty()) {
            y_ += line_height;
            text(margin, y_, "", "some of it only where matches that are not modelled say so, such as " + shortened(service.assumption, 80));
        }
        y_ += line_height;
        int const top = y_;
        int const grid = count <= most_cells ? draw_grid(service.matrix) : 0;
        int const left = count <= most_cells ? margin + grid + 2 * margin + line_height : margin;
        y_ = std::max(top + grid + line_height, draw_legend(service.matrix, left, top)) + margin;
    }

    std::string finish() {
        svg_.append_attribute("width") = width;
        svg_.append_attribute("height") = y_ + margin;
        svg_.append_attribute("viewBox") = fmt::format("0 0 {} {}", width, y_ + margin).c_str();
        std::ostringstream out;
        document_.save(out, "", pugi::format_raw | pugi::format_no_declaration);
        return out.str() + '\n';
    }

  private:
    // What comes from the input may hold anything; pugixml escapes what XML would act on.
    void text(int x, int y, char const* kind, std::string const& words) {
        pugi::xml_node node = svg_.append_child("text");
        node.append_attribute("x") = x;
        node.append_attribute("y") = y;
        if (*kind != '\0') node.append_attribute("class") = kind;
        node.text() = visible(words).c_str();
    }

    pugi::xml_node rectangle(char const* kind, int x, int y, int w, int h) {
        pugi::xml_node node = svg_.append_child("rect");
        node.append_attribute("class") = kind;
        node.append_attribute("x") = x;
        node.append_attribute("y") = y;
        node.append_attribute("width") = w;
        node.append_attribute("height") = h;
        return node;
    }

    // Returns its size.
    int draw_grid(Matrix const& matrix) {
        auto const count = static_cast<int>(matrix.classes.size());
        int const cell = std::clamp(largest_grid / count, 1, 24);
        int const x = margin + line_height;
        int const y = y_ + line_height;
        rectangle("closed", x, y, cell * count, cell * count);
        for (int a = 0; a < count; ++a) {
            auto const& row = matrix.opens[static_cast<std::size_t>(a)];
            for (int b = 0; b < count;) {
                int end = b;
                while (end < count && row[static_cast<std::size_t>(end)]) ++end;
                if (end > b) rectangle("open", x + b * cell, y + a * cell, (end - b) * cell, cell);
                b = std::max(end, b + 1);
            }
            if (cell < 10) continue;
            std::string const name = class_name(static_cast<std::size_t>(a));
            text(margin, y + a * cell + cell - 3, "name", name);
            text(x + a * cell + 3, y_ + line_height - 4, "name", name);
        }
        if (cell >= 6) {
            std::string lines;
            for (int i = 0; i <= count; ++i) {
                lines += fmt::format("M{} {}h{}", x, y + i * cell, count * cell);
                lines += fmt::format("M{} {}v{}", x + i * cell, y, count * cell);
            }
            pugi::xml_node path = svg_.append_child("path");
            path.append_attribute("class") = "grid";
            path.append_attribute("d") = lines.c_str();
        }
        return count * cell;
    }

    // Returns where it ends.
    int draw_legend(Matrix const& matrix, int left, int top) {
        int y = top + line_height;
        auto const line = [&](std::string const& words) {
            text(left, y, "name", words);
            y += line_height;
        };
        std::size_t const count = matrix.classes.size();
        line("rows open connections to columns");
        if (count > most_cells) line(fmt::format("{} classes are too many for a picture; -o json has them all", count));
        for (std::size_t i = 0; i < count && i < most_legend; ++i) line(class_name(i) + "  " + shortened(class_text(matrix, i), 70));
        if (count > most_legend) line(fmt::format("and {} more", count - most_legend));
        return y;
    }

    pugi::xml_document document_;
    pugi::xml_node svg_;
    int y_ = margin / 2;
};

} // namespace

std::string svg_matrices(Report const& report) {
    Drawing drawing;
    for (FileResult const& file : report.files)
        for (ServiceMatrix const& matrix : file.matrices) drawing.add(file.path, matrix);
    return drawing.finish();
}

} // namespace portcullis
