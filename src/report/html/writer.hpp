// Writes HTML. All text and all values of attributes go through one function, `escape`; names are ours.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis {

struct HtmlAttribute {
    std::string_view name;
    std::string value; // empty: the name alone
};

class Html {
  public:
    using Attributes = std::initializer_list<HtmlAttribute>;

    Html& open(std::string_view tag, Attributes attributes = {});
    // The element that was opened last. The end tags that HTML does not need (td, tr, li …) are left out.
    Html& close();
    // Any text of the input: control characters and the like are shown, and nothing of it is markup.
    Html& text(std::string_view text);
    // An element with nothing but text.
    Html& element(std::string_view tag, std::string_view text, Attributes attributes = {});
    // In preformatted text.
    Html& line_break();
    // Our own style or script, which is not text to HTML. Its end tag must not be in it.
    Html& own(std::string_view tag, std::string_view content);
    // What another writer has written.
    Html& add(Html const& part);

    std::size_t size() const { return out_.size(); }
    std::string take() { return std::move(out_); }

  private:
    void start(std::string_view tag, Attributes attributes);
    void escape(std::string_view text);

    std::string out_;
    std::vector<std::string_view> open_;
};

// Opens an element for the time that it lives.
class HtmlScope {
  public:
    HtmlScope(Html& html, std::string_view tag, Html::Attributes attributes = {}) : html_(html) { html.open(tag, attributes); }
    ~HtmlScope() { html_.close(); }
    HtmlScope(HtmlScope const&) = delete;
    HtmlScope& operator=(HtmlScope const&) = delete;

  private:
    Html& html_;
};

} // namespace portcullis
