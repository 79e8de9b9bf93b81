#pragma once

#include <string>

#include <QTextEdit>

namespace precedent::ui {

/// A text of a case or a code, as high as what it holds: one scrolls the page, not its parts. What is pasted loses NUL and halves of
/// characters, which no casebase could store; a text past kLongest is not taken in, nor edited where it is stored already, since
/// the window would stand still over it.
class TextField final : public QTextEdit {
    Q_OBJECT
public:
    static constexpr int kLongest = 200000; ///< characters
    static constexpr int kShownOfLonger = 20000;

    TextField(const char* name, const QString& accessible, QWidget* parent = nullptr);

    /// As setPlainText(), but of a text past kLongest only the beginning is shown and nothing can be changed.
    void setStored(const std::string& text);
    /// What is there now; the very bytes of setStored() where nothing was changed (a document drops carriage returns, say).
    [[nodiscard]] std::string stored() const;
    void setEditable(bool editable);
    [[nodiscard]] bool isTooLong() const { return m_original.size() > static_cast<std::size_t>(kLongest); }

Q_SIGNALS:
    void refused(const QString& why);

protected:
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

private:
    std::string m_original;
    QString m_shown; ///< how the document shows it
    bool m_editable = true;
};

} // namespace precedent::ui
