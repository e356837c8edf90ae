// Lines of a source with stretches of them underlined, as compilers show them.
#pragma once
#include <string>
#include <vector>

#include "portcullis/base/source.hpp"
#include "report/style.hpp"

namespace portcullis {

class Snippet {
  public:
    // Lines are cut around what is underlined, so that they take at most `width` columns; 0: of very long ones alone.
    Snippet(Source const& source, std::string& out, Paint const& paint, std::size_t width)
        : source_(source), out_(out), paint_(paint), width_(width) {}

    // Of a span over several lines, the first is shown.
    void add(Span span, char sign, std::string label);
    // Returns the width of the line numbers, for what follows.
    std::size_t print();

  private:
    // One underlined stretch of a line.
    struct Mark {
        std::uint32_t line;
        Span span;
        char sign;
        std::string label;
    };

    std::size_t room() const; // for a line, or for what stands below it
    void bar(std::string_view text);
    // Returns whether the line is cut, so that another mark of it needs the line again.
    bool print(Mark const& mark, bool with_line);
    void underline(Mark const& mark, std::size_t column, std::size_t columns);

    Source const& source_;
    std::string& out_;
    Paint const& paint_;
    std::size_t width_;
    std::vector<Mark> marks_;
    std::size_t gutter_ = 0;
};

} // namespace portcullis
