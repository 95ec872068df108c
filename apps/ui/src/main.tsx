import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { live } from './live.js'
import './theme.css'

live.start()
createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)
