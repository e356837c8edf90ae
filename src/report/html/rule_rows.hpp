// The rules of a file as rows of a list: what the findings say of each, and where on the page it stands.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/report/report.hpp"

namespace portcullis {

enum class RowMark : std::uint8_t { live, partly, dead, inactive };

struct RuleRow {
    OutlineRule const* rule = nullptr;
    std::uint32_t line = 1;
    RowMark mark = RowMark::live;
    std::size_t times = 1;            // how many rules its text makes, as in a loop of a script
    std::vector<std::size_t> hides{}; // the rows that take its packets, as findings relate them
    bool linked = false;              // something on the page leads to it
};

class RuleRows {
  public:
    // `number` is that of the file on the page.
    RuleRows(FileResult const& file, std::size_t number);

    std::vector<RuleRow> const& all() const { return rows_; }
    std::string id(std::size_t row) const; // "f0r12"
    // The row with a place; none where no rule stands there.
    std::optional<std::size_t> at(Span span) const;

  private:
    void add_rows(FileResult const& file);
    void mark(Finding const& finding, std::vector<std::size_t>& dead);
    void mark_end_of_chain(std::size_t first);

    std::size_t number_;
    std::vector<RuleRow> rows_;
};

} // namespace portcullis
