// An open file of the system's, closed at the end of its life.
#pragma once
#include <unistd.h>
#include <utility>

namespace portcullis::app {

class Descriptor {
  public:
    // What open() gave; below 0 where it failed.
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        close();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }

    int number() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    // Whether all that was written has arrived, as far as the system can say so now.
    bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

  private:
    int number_;
};

} // namespace portcullis::app
