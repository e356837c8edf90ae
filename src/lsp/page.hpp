// What a hover shows: paragraphs, lists and pieces of the text, as Markdown or plain. All of it may come from a hostile
// file: it is shown as text, whatever it is.
#pragma once
#include <string>
#include <string_view>

namespace portcullis::lsp {

class Page {
  public:
    explicit Page(bool markdown) : markdown_(markdown) {}

    void title(std::string_view text);
    void paragraph(std::string_view text);
    void item(std::string_view text);
    void code(std::string_view text); // at most 12 lines of it
    bool empty() const { return text_.empty(); }
    std::string const& text() const { return text_; }

  private:
    std::string shown(std::string_view text) const;
    void separate(); // an empty line, where something stands before

    bool markdown_;
    bool in_list_ = false;
    std::string text_;
};

} // namespace portcullis::lsp
